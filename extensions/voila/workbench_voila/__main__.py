from workbench_voila.app import main

if __name__ == "__main__":
    main()

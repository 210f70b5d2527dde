/** Stands for packages that this page does without (build.mjs). */

export default undefined;

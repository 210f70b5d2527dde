"""What is computed from datasets: metrics now; frames in, frames out."""

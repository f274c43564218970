"""Fine-tune a BERT-family encoder on your text, look inside it, and let people try it."""

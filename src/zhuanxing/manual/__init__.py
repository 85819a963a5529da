"""The manual's reference, written from the model, its tables and the commands themselves."""

"""What the events cause: one folder a consumer, the runtime they share, and the one decision about payments."""

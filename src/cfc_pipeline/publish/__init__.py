"""What may be shown -> releases: the table model, its writers, charts, the page, the email."""

"""The pages of circulations: what waits for somebody, one document, and deputies."""

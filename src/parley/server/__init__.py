"""The server: the client door, the page, and what belongs to them over HTTP."""

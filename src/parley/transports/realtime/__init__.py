"""The client door: OpenAI's Realtime protocol (GA) over a WebSocket.

All but `transport` is pure: text in, events out, time as an argument.
"""

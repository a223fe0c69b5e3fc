"""What is asked of a recogniser in a process of its own."""

OPEN, AUDIO, FINALIZE, EXPECT = range(4)
"""Begin with a call, hear PCM, give the final result, understand what a grammar allows (or,
without one, anything) from the next utterance on. Payloads, but for PCM, are the engine's own."""

"""Generated and spliced programs, and checks of their rewrites that share no code with the engine's own proofs."""

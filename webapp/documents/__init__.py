"""Official documents about a case: their words, their layout on paper, and the register that numbers them."""

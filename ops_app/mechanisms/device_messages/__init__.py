"""The languages devices speak, read without judging what they mean."""

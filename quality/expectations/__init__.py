"""The kinds of rule a suite may declare, and the two engines that judge them."""

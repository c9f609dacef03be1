"""One edit from top to bottom: what is asked, the order of the steps, what streams, and what is logged."""

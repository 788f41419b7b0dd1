"""The analysis that the environment rules HL101 to HL105 share."""

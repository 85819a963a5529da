"""Reading: from a Vensim or XMILE file to a syntax tree."""

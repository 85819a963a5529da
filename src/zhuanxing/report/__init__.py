"""What leaves the desk on paper: tables for a spreadsheet and a brief for a meeting."""

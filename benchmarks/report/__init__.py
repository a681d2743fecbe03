"""What is told of figures: rows, the tables and plots of them, and the page that holds these."""

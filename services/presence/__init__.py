"""Who is there: what a status is, who may know it, and when somebody was last seen."""

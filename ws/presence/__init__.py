"""Who is here, who watches whom, and what is told of it: to the sessions of this node, and to other nodes."""

"""Who is in a room, and as what: coming in, leaving, roles and bans."""

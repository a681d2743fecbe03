"""What a call is at each moment: pure, so that every order of things can be tried."""

"""Mail: letters in the languages of their readers, sent by a job each."""

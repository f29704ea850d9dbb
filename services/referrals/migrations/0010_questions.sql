-- An offer that was only a question: nobody was told of a person, so that no late yes makes it more.
ALTER TABLE offer ADD COLUMN is_question boolean NOT NULL DEFAULT false;

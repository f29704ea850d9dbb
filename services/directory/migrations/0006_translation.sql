-- Texts that a translation has brought: the file of the dataset's own language does not say them, and leaves them.
CREATE TABLE translation (
    dataset text NOT NULL,
    field text NOT NULL, -- for example provider.names
    language text NOT NULL, -- BCP 47
    PRIMARY KEY (dataset, field, language)
);

-- rule: 2.1 Statements
-- about: a text does not go into an INT column
-- fails: the types do not fit
-- include: bids
CREATE TABLE sink (a INT) WITH (${sink:sink});
INSERT INTO sink SELECT channel FROM bids;

-- rule: 1.3 CAST of bad text
-- about: Java's grammar of numbers
-- include: parse
CREATE TABLE sink (id INT, f FLOAT, d DOUBLE) WITH (${sink:sink});
INSERT INTO sink SELECT id, TRY_CAST(s AS FLOAT), TRY_CAST(s AS DOUBLE) FROM parse;

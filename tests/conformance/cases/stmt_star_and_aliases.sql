-- rule: 2.1 Queries
-- about: *, t.*, qualified names, an alias of a table
-- include: visits
CREATE TABLE sink (k STRING, v INT, ts TIMESTAMP(3), w INT) WITH (${sink:sink});
INSERT INTO sink SELECT a.*, a.v + 1 FROM visits AS a WHERE a.v > 3;

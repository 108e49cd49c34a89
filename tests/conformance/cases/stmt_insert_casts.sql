-- rule: 2.1 Statements
-- about: implicit widening into the sink's types
-- include: extremes
CREATE TABLE sink (a SMALLINT, b BIGINT, c DOUBLE, d DECIMAL(20, 4), e STRING, f TIMESTAMP(6)) WITH (${sink:sink});
INSERT INTO sink SELECT t, s, f, p, c, CAST(ts AS TIMESTAMP(3)) FROM extremes;

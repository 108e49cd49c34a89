-- rule: 1.3 CAST of numbers
-- about: numbers, booleans, dates and times to text; BOOLEAN gives TRUE and FALSE
-- include: extremes
CREATE TABLE sink (id INT, a STRING, b STRING, c STRING, d STRING, e STRING, f STRING, g STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(t AS STRING), CAST(i AS STRING), CAST(b AS STRING), CAST(ok AS STRING), CAST(dt AS STRING), CAST(ts AS STRING), CAST(s AS VARCHAR(10)) FROM extremes;

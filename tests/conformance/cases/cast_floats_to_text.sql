-- rule: 1.3 CAST of numbers, 1.5 FLOAT/DOUBLE text
-- about: Java's layout of floating point numbers
-- include: extremes
CREATE TABLE sink (id INT, a STRING, b STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(f AS STRING), CAST(d AS STRING) FROM extremes;

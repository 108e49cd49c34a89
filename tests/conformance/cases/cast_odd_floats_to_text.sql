-- rule: 1.5 FLOAT/DOUBLE text
-- about: NaN, infinities, signed zeros
-- include: odd
CREATE TABLE sink (id BIGINT, a STRING, b STRING) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(f AS STRING), CAST(d AS STRING) FROM odd;

-- rule: 1.4
-- about: the same of DATE
-- include: times
CREATE TABLE sink (id INT, y BIGINT, m BIGINT, d BIGINT, q BIGINT, w BIGINT, dow BIGINT, doy BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, EXTRACT(YEAR FROM dt), MONTH(dt), EXTRACT(DAY FROM dt), EXTRACT(QUARTER FROM dt), EXTRACT(WEEK FROM dt), EXTRACT(DOW FROM dt), EXTRACT(DOY FROM dt) FROM times;

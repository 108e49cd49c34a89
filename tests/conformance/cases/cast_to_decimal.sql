-- rule: 1.3 CAST of numbers
-- about: into DECIMAL half up, overflow NULL
-- include: extremes
CREATE TABLE sink (
  id INT, a DECIMAL(5, 2), b DECIMAL(20, 0), c DECIMAL(10, 4), d DECIMAL(38, 10), e DECIMAL(4, 1), f DECIMAL(10, 3), g DECIMAL(4, 2)
) WITH (${sink:sink});
INSERT INTO sink SELECT id, CAST(i AS DECIMAL(5, 2)), CAST(b AS DECIMAL(20, 0)), CAST(d AS DECIMAL(10, 4)), CAST(d AS DECIMAL(38, 10)), CAST(p AS DECIMAL(4, 1)), CAST(f AS DECIMAL(10, 3)), CAST(q AS DECIMAL(4, 2)) FROM extremes;

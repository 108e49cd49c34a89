-- rule: 1.3 a / b, %
-- about: + - * wrap in the type of the wider operand; division truncates
-- include: extremes
CREATE TABLE sink (id INT, a TINYINT, b SMALLINT, c INT, d BIGINT, e INT, f BIGINT, g INT, h BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT id, t + t, s * s, i + i, b * 2, i - t, b - i, i / 7, b / -3 FROM extremes;

-- include: odd
SELECT d, COUNT(*) FROM odd GROUP BY d;

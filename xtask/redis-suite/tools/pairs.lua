-- Gives back what it got.
return {#KEYS, KEYS, #ARGV, ARGV}

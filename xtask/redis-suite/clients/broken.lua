local x =
return x

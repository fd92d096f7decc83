shared 'd1|u id=u1 city=Berlin age:30
|i id=a7 price:2
0:-1:0.5 |i id=a8 price:3 new

shared 'd2|u id=u2 city=Rome
0:2:0.5 |i id=a8
|i id=a7
|i id=a9 price:4


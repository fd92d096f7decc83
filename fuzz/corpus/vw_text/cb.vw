2:-1.5:0.5 'd1|u id=u1 age:30 city=Berlin vip |hour :7
1:0:0.5 'd2|u id=u2 age:31 city:Rome |n:0.5 a a:3 b
1:0:0.5 d3| 

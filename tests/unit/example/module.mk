example_values_srcs := values.c $(top)/tests/example/values.c
example_values_cflags := -Itests/example
$(eval $(call unit_test,example_values))

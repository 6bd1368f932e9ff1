/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/stat.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

size_t nt_stat_known(const double *value, size_t n)
{
	size_t known = 0;

	for (size_t i = 0; i < n; i++)
		known += !isnan(value[i]);
	return known;
}

/* Sorts what is there. */
static double middle_of(double *known, size_t n)
{
	if (!n)
		return NAN;
	qsort(known, n, sizeof(*known), ascending);
	return n % 2 ? known[n / 2] : (known[n / 2 - 1] + known[n / 2]) / 2;
}

double nt_stat_median(const double *value, size_t n)
{
	double known[NT_LINE_MAX];
	size_t used = 0;

	for (size_t i = 0; i < n && used < NT_LINE_MAX; i++)
		if (!isnan(value[i]))
			known[used++] = value[i];
	return middle_of(known, used);
}

double nt_stat_mad(const double *value, size_t n, double middle)
{
	double distance[NT_LINE_MAX];
	size_t used = 0;

	for (size_t i = 0; i < n && used < NT_LINE_MAX; i++)
		if (!isnan(value[i]))
			distance[used++] = fabs(value[i] - middle);
	return middle_of(distance, used);
}

double nt_stat_distance(const double *value, size_t n, double middle)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(value[i]))
			sum += fabs(value[i] - middle);
	return sum;
}

void nt_stat_smooth(const double *value, size_t n, size_t half, double *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t first = i > half ? i - half : 0, last = i + half < n ? i + half : n - 1;

		out[i] = isnan(value[i]) ? NAN : nt_stat_median(&value[first], last - first + 1);
	}
}

/* What one writes in C: the best of N from alias tables stored best first; prompts are shared out over threads.

   Random numbers: xoshiro256+ in eight lanes, which the compiler vectorises. An entry holds the chance of staying, as 32 bits, and the
   alias; the high half of the 64 random bits picks the column (width < 2^31), the low half tosses the coin. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define LANES 8
#define BLOCK 2048

typedef struct { uint32_t stay, alias; } entry;
typedef struct { uint64_t s[4][LANES]; } generator;

typedef struct {
    const entry *table;       /* [prompts, width] */
    const double *weights;    /* running totals of mu, [prompts] */
    int64_t prompts, width, n, draws;
    uint64_t seed;
    int32_t *out_prompt, *out_rank;
} job;

static uint64_t splitmix(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static void seed(generator *g, uint64_t x) {
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < LANES; i++) g->s[k][i] = splitmix(&x);
}

static void fill(generator *g, uint64_t *out) { /* BLOCK numbers */
    for (int j = 0; j < BLOCK; j += LANES)
        for (int i = 0; i < LANES; i++) {
            uint64_t a = g->s[0][i], b = g->s[1][i], c = g->s[2][i], d = g->s[3][i], t = b << 17;
            out[j + i] = a + d;
            c ^= a, d ^= b, b ^= c, a ^= d, c ^= t, d = (d << 45) | (d >> 19);
            g->s[0][i] = a, g->s[1][i] = b, g->s[2][i] = c, g->s[3][i] = d;
        }
}

static double unit(uint64_t bits) { return (bits >> 11) * 0x1p-53; }

static int64_t first_above(const double *running, int64_t width, double u) { /* branch-free */
    int64_t low = 0;
    for (int64_t span = width; span > 1;) {
        int64_t half = span / 2;
        low += running[low + half - 1] <= u ? half : 0;
        span -= half;
    }
    return low;
}

static void *literal(void *argument) {
    job *j = argument;
    generator g;
    uint64_t bits[BLOCK], left[BLOCK];
    int64_t used = BLOCK;
    seed(&g, j->seed);
    for (int64_t first = 0; first < j->n; first += BLOCK) {
        fill(&g, bits);
        for (int64_t i = 0; i < BLOCK && first + i < j->n; i++)
            j->out_prompt[first + i] = first_above(j->weights, j->prompts, unit(bits[i]));
    }
    for (int64_t i = 0; i < j->n; i++) {
        const entry *row = j->table + j->out_prompt[i] * j->width;
        uint32_t best = UINT32_MAX, width = (uint32_t)j->width;
        for (int64_t done = 0; done < j->draws;) {
            if (used == BLOCK) fill(&g, left), used = 0;
            int64_t take = j->draws - done < BLOCK - used ? j->draws - done : BLOCK - used;
            const uint64_t *now = left + used;
            for (int64_t k = 0; k < take; k++) {
                uint32_t column = (uint32_t)((now[k] >> 32) * width >> 32);
                entry e = row[column];
                uint32_t drawn = (uint32_t)now[k] < e.stay ? column : e.alias;
                best = drawn < best ? drawn : best;
            }
            used += take, done += take;
        }
        j->out_rank[i] = (int32_t)best;
    }
    return 0;
}

/* Runs the job on `threads` threads. */
int best_of_n(const void *table, const double *weights, int64_t prompts, int64_t width, int64_t n, int64_t draws, uint64_t key, int threads,
              int32_t *out_prompt, int32_t *out_rank) {
    pthread_t *started = malloc(threads * sizeof *started);
    job *jobs = malloc(threads * sizeof *jobs);
    for (int t = 0; t < threads; t++) {
        int64_t low = n * t / threads, high = n * (t + 1) / threads;
        jobs[t] = (job){table, weights, prompts, width, high - low, draws, key * threads + t, out_prompt + low, out_rank + low};
        if (pthread_create(started + t, 0, literal, jobs + t)) return 1;
    }
    for (int t = 0; t < threads; t++) pthread_join(started[t], 0);
    free(started), free(jobs);
    return 0;
}

/* POSIX threads as macOS on arm64 lays them out (its public pthread.h): what shim.c uses, declared anew. */
#ifndef ELFTAP_PTHREAD_H
#define ELFTAP_PTHREAD_H
typedef struct _opaque_pthread_t *pthread_t;
typedef struct pthread_attr_s pthread_attr_t;
typedef struct pthread_mutexattr_s pthread_mutexattr_t;
typedef struct pthread_condattr_s pthread_condattr_t;
typedef unsigned long pthread_key_t;
typedef struct {
	long signature;
	char opaque[56];
} pthread_mutex_t;
typedef struct {
	long signature;
	char opaque[40];
} pthread_cond_t;
typedef struct {
	long signature;
	char opaque[8];
} pthread_once_t;
#define PTHREAD_MUTEX_INITIALIZER { 0x32AAABA7, { 0 } }
#define PTHREAD_COND_INITIALIZER { 0x3CB0B1BB, { 0 } }
#define PTHREAD_ONCE_INIT { 0x30B1BCBA, { 0 } }
int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int pthread_detach(pthread_t);
int pthread_join(pthread_t, void **);
pthread_t pthread_self(void);
int pthread_equal(pthread_t, pthread_t);
int pthread_once(pthread_once_t *, void (*)(void));
int pthread_key_create(pthread_key_t *, void (*)(void *));
int pthread_setspecific(pthread_key_t, const void *);
int pthread_mutex_init(pthread_mutex_t *, const pthread_mutexattr_t *);
int pthread_mutex_destroy(pthread_mutex_t *);
int pthread_mutex_lock(pthread_mutex_t *);
int pthread_mutex_unlock(pthread_mutex_t *);
int pthread_cond_init(pthread_cond_t *, const pthread_condattr_t *);
int pthread_cond_destroy(pthread_cond_t *);
int pthread_cond_signal(pthread_cond_t *);
int pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *);
#endif

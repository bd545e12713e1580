/* thread.c - THREAD and UID THREAD (RFC 5256) */
#include "imapd/thread.h"

#include "imapd/commands.h"
#include "imapd/progress.h"
#include "imapd/search_find.h"
#include "imapd/search_message.h"
#include "imapd/session.h"

static const struct {
	const char      *name;
	thread_algorithm link;
} algorithms[] = {
	{ "ORDEREDSUBJECT", thread_ordered_subject },
	{ "REFERENCES", thread_references },
	{ "REFS", thread_refs },
};

struct thread_args {
	struct search_request request;
	thread_algorithm      link;
};

/* thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria      RFC 5256 s.5 */
void *
parse_thread(struct cursor *c)
{
	struct thread_args *a = arena_zero(c->mem, sizeof(*a));

	take_byte(c, ' ');
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]) && !a->link; i++)
		if (try_whole_word(c, algorithms[i].name))
			a->link = algorithms[i].link;
	if (!a->link)
		cursor_fail(c, "unknown thread algorithm");
	take_byte(c, ' ');
	take_search_criteria(c, &a->request);
	return a;
}

static void
collect_keys(struct session *s, const struct search_found *found, struct thread_input *input)
{
	struct search_message m = SEARCH_MESSAGE_EMPTY;
	struct progress progress;

	progress_begin(&progress, s, found->count);
	for (size_t i = 0; i < found->count; i++) {
		search_message_open(&m, s->box, found->number[i]);
		thread_input_add(input, &m);
		progress_step(&progress, COST_HEADER);
	}
	search_message_free(&m);
}

/* thread-data = "THREAD" [SP 1*thread-list] */
static void
put_threads(struct session *s, const struct thread_forest *forest, bool by_uid)
{
	const struct thread_input *input = forest->input;
	uint32_t *name = arena_array(&s->mem, input->count, sizeof(*name));
	struct buf text = BUF_EMPTY;

	for (size_t i = 0; i < input->count; i++) {
		uint32_t number = input->message[i].number;

		name[i] = by_uid ? mailbox_message(s->box, number)->uid : number;
	}
	thread_print(forest, name, &text);
	out_str(&s->out, "* THREAD");
	out_span(&s->out, buf_view(&text));
	out_str(&s->out, "\r\n");
	buf_free(&text);
}

void
run_thread(struct session *s, const void *args, unsigned flags)
{
	const struct thread_args *a = args;
	struct search_request r = a->request;
	struct thread_input input = { NULL, 0, 0, NULL, 0, 0 };
	struct thread_forest forest;
	struct search_found found;
	int error;

	if (!search_begin(s, &r))
		return;
	error = search_find(s, &r.program, &found);
	collect_keys(s, &found, &input);
	thread_forest_open(&forest, &input);
	a->link(&forest);
	put_threads(s, &forest, (flags & BY_UID) != 0);
	thread_forest_free(&forest);
	thread_input_free(&input);
	search_end(s, &r, &found, error, "Thread completed.");
}

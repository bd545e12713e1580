/* texts.c - what the server says to people, in each language of LANG */
#include "pop3d/texts.h"

const struct language_row languages[LANGUAGES] = {
	[LANGUAGE_EN] = { "en", "English" },
	[LANGUAGE_FR] = { "fr", "Français" },
};

static const char *const texts[TEXTS][LANGUAGES] = {
	[TEXT_CAPABILITIES] = { "Capabilities follow.", "Voici ce que sait le serveur." },
	[TEXT_TLS_BEGINS] = { "Begin TLS negotiation now.", "Commencez la négociation TLS." },
	[TEXT_TLS_IS_ACTIVE] = { "TLS is already active.", "TLS est déjà actif." },
	[TEXT_TLS_IS_OFF] = { "TLS support isn't enabled.", "TLS n'est pas activé." },
	[TEXT_TLS_BEHIND_UTF8] = { "STLS comes before UTF8.", "STLS vient avant UTF8." },
	[TEXT_PLAINTEXT_REFUSED] = {
		"Plaintext authentication disallowed on non-secure (SSL/TLS) connections.",
		"Le mot de passe en clair est refusé sans SSL/TLS." },
	[TEXT_USER_LENGTH] = { "USER takes a name of at most 255 bytes.",
	                       "USER prend un nom de 255 octets au plus." },
	[TEXT_USER_FIRST] = { "USER comes first.", "USER vient d'abord." },
	[TEXT_APOP_FORM] = { "APOP takes a name and 32 hexadecimal digits.",
	                     "APOP prend un nom et 32 chiffres hexadécimaux." },
	[TEXT_PASSWORD_LENGTH] = { "Password too long.", "Mot de passe trop long." },
	[TEXT_AUTH_FAILED] = { "Authentication failed.", "Échec de l'authentification." },
	[TEXT_AUTH_UNAVAILABLE] = { "Temporary authentication failure.",
	                            "L'authentification est momentanément impossible." },
	[TEXT_AUTH_REFUSED] = { "Login is not allowed.", "La connexion n'est pas permise." },
	[TEXT_AUTH_INVALID] = { "Invalid authentication data.",
	                        "Données d'authentification non valides." },
	[TEXT_AUTH_UNFINISHED] = { "Authentication is not finished.",
	                           "L'authentification n'est pas terminée." },
	[TEXT_AUTH_ABORTED] = { "Authentication aborted by client.",
	                        "Authentification abandonnée par le client." },
	[TEXT_AUTH_MECHANISM] = { "Unsupported authentication mechanism.",
	                          "Mécanisme d'authentification inconnu." },
	[TEXT_AUTH_NOT_BASE64] = { "Invalid base64 data.", "Base64 non valide." },
	[TEXT_AUTH_TOO_LONG] = { "Authentication response too long.",
	                         "Réponse d'authentification trop longue." },
	[TEXT_NUL] = { "A command has no NUL in it.", "Une commande ne contient pas de NUL." },
	[TEXT_UNKNOWN_COMMAND] = { "Unknown command.", "Commande inconnue." },
	[TEXT_NOT_BEFORE_LOGIN] = { "Not before login.", "Pas avant la connexion." },
	[TEXT_NO_ARGUMENT] = { "This command takes no argument.",
	                       "Cette commande ne prend pas d'argument." },
	[TEXT_AN_ARGUMENT] = { "This command takes an argument.",
	                       "Cette commande prend un argument." },
	[TEXT_TOO_MANY_COMMANDS] = { "Too many commands before login.",
	                             "Trop de commandes avant la connexion." },
	[TEXT_GOODBYE] = { "Logging out", "Au revoir" },
	[TEXT_LANGUAGES] = { "Language listing follows:", "Voici les langues :" },
	[TEXT_LANGUAGE_CHOSEN] = { "Language changed.", "Langue changée." },
	[TEXT_LANGUAGE_UNKNOWN] = { "No such language; LANG alone lists them.",
	                            "Langue inconnue ; LANG seul en donne la liste." },
	[TEXT_LINE_LENGTH] = { "Command line too long.", "Ligne trop longue." },
	[TEXT_UTF8_ON] = { "UTF-8 mode is on.", "Mode UTF-8 activé." },
	[TEXT_LOGGED_IN] = { "Logged in.", "Connexion établie." },
	[TEXT_LOGGED_IN_ALREADY] = { "You are logged in already.", "Vous êtes déjà connecté." },
	[TEXT_TLS_BEFORE_LOGIN] = { "TLS can begin only before login.",
	                            "TLS ne commence qu'avant la connexion." },
	[TEXT_UTF8_BEFORE_LOGIN] = { "UTF8 comes before login.", "UTF8 vient avant la connexion." },
	[TEXT_LAST_IS_OBSOLETE] = {
		"LAST is not in use since RFC 1725; UIDL tells which messages are new.",
		"LAST n'existe plus depuis la RFC 1725 ; UIDL dit quels messages sont nouveaux." },
	[TEXT_NO_ARGUMENTS] = { "This command has no arguments.",
	                        "Cette commande n'a pas d'arguments." },
	[TEXT_ONE_NUMBER] = { "Expected one message number.",
	                      "Il faut un numéro de message." },
	[TEXT_TWO_NUMBERS] = { "Expected a message number and a number of lines.",
	                       "Il faut un numéro de message et un nombre de lignes." },
	[TEXT_IDS_FOLLOW] = { "Unique ids follow.", "Voici les identifiants uniques." },
	[TEXT_TOP_FOLLOWS] = { "Top of the message follows.", "Voici le début du message." },
	[TEXT_NO_MESSAGE] = { "There is no such message.", "Ce message n'existe pas." },
	[TEXT_MESSAGE_REMOVED] = { "This message was removed by another session.",
	                           "Une autre session a supprimé ce message." },
	[TEXT_READ_ONLY] = { "This maildrop cannot be changed.",
	                     "Cette boîte ne peut pas être modifiée." },
	[TEXT_IN_USE] = { "Another POP3 session has this maildrop.",
	                  "Une autre session POP3 utilise cette boîte." },
	[TEXT_LOCKED] = { "Another program keeps this maildrop locked.",
	                  "Un autre programme tient cette boîte verrouillée." },
	[TEXT_NOT_ALLOWED] = { "The server is not allowed to use this maildrop.",
	                       "Le serveur n'a pas le droit d'utiliser cette boîte." },
	[TEXT_TRY_LATER] = { "The server cannot do this now, try again later.",
	                     "Le serveur ne le peut pas maintenant ; réessayez plus tard." },
	[TEXT_TOO_SOON] = { "Wait longer between two logins.",
	                    "Attendez davantage entre deux connexions." },
	[TEXT_MARKED] = { "Marked to be deleted.", "Marqué pour suppression." },
	[TEXT_UNMARKED] = { "No message is marked to be deleted.",
	                    "Aucun message n'est marqué pour suppression." },
	[TEXT_DONE] = { "Done.", "Fait." },
	[TEXT_DELETED] = { "Logging out, messages deleted.", "Au revoir, messages supprimés." },
	[TEXT_SOME_NOT_DELETED] = { "Some deleted messages were not removed.",
	                            "Des messages marqués n'ont pas été supprimés." },
	[TEXT_LOGGING_OUT] = { "Logging out.", "Au revoir." },
	[TEXT_TOO_MANY_BAD] = { "Too many lines that are no commands.",
	                        "Trop de lignes qui ne sont pas des commandes." },
};

const char *
text_in(enum language language, enum text text)
{
	return texts[text][language];
}

bool
language_find(struct span range, enum language *language_out)
{
	if (span_is_nocase(range, "*"))
		range = span_of(languages[0].tag);
	for (size_t len = range.len; len > 0; len--) {
		if (len < range.len && range.at[len] != '-')
			continue;
		for (unsigned i = 0; i < LANGUAGES; i++)
			if (span_is_nocase(span_make(range.at, len), languages[i].tag)) {
				*language_out = (enum language)i;
				return true;
			}
	}
	return false;
}

#!/usr/bin/perl
# client.pl - what a Perl program does with Mail::IMAPClient: client.pl PORT USER PASSWORD
use strict;
use warnings;
use JSON::PP;
use Mail::IMAPClient;

my ($port, $user, $password) = @ARGV;
my $imap = Mail::IMAPClient->new(
	Server => '127.0.0.1', Port => $port, User => $user, Password => $password, Uid => 1, Peek => 1,
) or die "cannot log in: $@";
my %said = (folders => [sort $imap->folders]);

$imap->select('INBOX') or die $imap->LastError;
my @all = $imap->messages;
$said{subjects} = [map { $imap->subject($_) } @all];
$said{found} = [map { $_ + 0 } $imap->search('SUBJECT "number 2"')];

$imap->create('Made by Perl') or die $imap->LastError;
$imap->move('Made by Perl', $all[2]) or die $imap->LastError;
$imap->expunge;
$said{appended} = $imap->append_string('INBOX', "Subject: from Perl\r\n\r\nhello\r\n", '\\Seen \\Flagged') ? 1 : 0;

my $tag = $imap->idle or die $imap->LastError;
my $news = $imap->idle_data(1);
$said{idle} = $imap->done($tag) ? 1 : 0;
$imap->logout;
print encode_json(\%said);

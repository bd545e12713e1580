// client.js - what a program does with imapflow: client.js PORT USER PASSWORD
const { ImapFlow } = require('imapflow');

const [port, user, pass] = process.argv.slice(2);
const client = new ImapFlow({
	host: '127.0.0.1', port: Number(port), secure: true, auth: { user, pass }, logger: false,
	tls: { rejectUnauthorized: false },
});

async function main() {
	const said = { capabilities: {} };
	await client.connect();
	for (const name of client.capabilities.keys())
		said.capabilities[name] = true;
	const lock = await client.getMailboxLock('INBOX');
	try {
		said.exists = client.mailbox.exists;
		said.subjects = [];
		for await (const message of client.fetch('1:*', { envelope: true, bodyStructure: true, flags: true }))
			said.subjects.push(message.envelope.subject);
		const one = await client.download('2', '1');
		const chunks = [];
		for await (const chunk of one.content)
			chunks.push(chunk);
		said.text = Buffer.concat(chunks).toString().trim();
		await client.messageFlagsAdd('1', ['\\Seen']);
		said.moved = (await client.messageMove('1', 'Archive')).uidMap.size;
		const news = new Promise((resolve) => client.on('exists', (event) => resolve(event.count)));
		await client.append('INBOX', 'Subject: from JavaScript\r\n\r\nhello\r\n', ['\\Seen']);
		await client.append('INBOX', 'Subject: and once more\r\n\r\nhello\r\n');
		await Promise.race([news, new Promise((resolve) => setTimeout(resolve, 5000))]);
		await client.noop();
		said.news = client.mailbox.exists;
	} finally {
		lock.release();
	}
	await client.logout();
	console.log(JSON.stringify(said));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});

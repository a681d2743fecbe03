"""Letters in Portuguese, in words that are read on both sides of the Atlantic."""

from services.mail.words.text import Language, Text

_CODE_LIFE = (
    "Vale uma única vez, e só por alguns minutos. Ninguém da nossa parte vai pedir este código: não o dê a ninguém."
)
_OFF = "Se não quer cartas sobre {}, desligue-as nas suas preferências."

PORTUGUESE = Language(
    tag="pt",
    greeting="Olá, {name},",
    farewell="Esta mensagem foi escrita pelo Parley em {url}. Ninguém lê as respostas.",
    texts={
        "verify": Text(
            "Seu código para confirmar este endereço",
            (
                "este código confirma que as mensagens para este endereço chegam até você:",
                "{code}",
                _CODE_LIFE,
                "Se não foi você que pediu, alguém se enganou de endereço, e não é preciso fazer nada.",
            ),
        ),
        "claimed": Text(
            "Alguém indicou o seu endereço",
            (
                "alguém acaba de indicar este endereço como seu. Ele já é o da sua conta, e continua a ser.",
                "Se foi você: entre com a sua conta, e peça uma nova senha se a esqueceu.",
                "Se não foi, não é preciso fazer nada.",
            ),
        ),
        "sign_up": Text(
            "Seu código para criar a conta",
            (
                "este código conclui a criação da sua conta:",
                "{code}",
                _CODE_LIFE,
                "Se não foi você que pediu, alguém se enganou de endereço, e não é preciso fazer nada.",
            ),
        ),
        "code": Text(
            "Seu código",
            (
                "este é o código que você pediu:",
                "{code}",
                _CODE_LIFE,
                (
                    "Se não foi você que pediu, alguém está tentando entrar na sua conta e talvez saiba a sua senha: "
                    "mude-a."
                ),
            ),
        ),
        "reset": Text(
            "Escolha uma nova senha",
            (
                "este link permite escolher uma nova senha:",
                "{link}",
                "Vale uma única vez, durante meia hora. Depois entre com a nova senha; as outras sessões terminam.",
                "Se não foi você que pediu, não é preciso fazer nada: a sua senha continua a mesma.",
            ),
        ),
        "recover": Text(
            "Seu código para recuperar a conta",
            (
                "alguém pediu para recuperar a sua conta. Se foi você, este é o código:",
                "{code}",
                (
                    "Vale uma única vez, e só com o seu código de recuperação ou um código de reserva. "
                    "Ninguém da nossa parte vai pedir nenhum deles."
                ),
                "Se não foi você, não faça nada: sem esses códigos nada acontece.",
            ),
        ),
        "new_device": Text(
            "Um novo dispositivo entrou na sua conta",
            (
                "alguém entrou na sua conta com um programa que ainda não tinha sido usado nela.",
                "Programa: {agent}",
                "Endereço de rede: {address}",
                "Hora: {time}",
                "Se foi você, não é preciso fazer nada.",
                "Se não foi, termine essa sessão na lista de sessões da sua conta e mude a sua senha.",
            ),
        ),
        "changed": Text(
            "Sua conta foi alterada",
            (
                "acaba de ser alterado na sua conta: {what}.",
                "Hora: {time}",
                "Se foi você, não é preciso fazer nada.",
                "Se não foi, mude a sua senha, termine todas as sessões e escreva a quem cuida desta instalação.",
            ),
        ),
        "account_deleted": Text(
            "Sua conta foi apagada",
            (
                "a sua conta foi apagada, como você pediu. O que você disse nas salas fica lá, sem o seu nome.",
                "Não é possível trazê-la de volta. Se não foi você, escreva a quem cuida desta instalação.",
            ),
        ),
        "warned": Text(
            "Você recebeu uma advertência",
            (
                "quem cuida desta instalação advertiu você:",
                "{text}",
                "Todas as advertências estão na sua conta.",
            ),
        ),
        "banned": Text(
            "Sua conta foi banida",
            (
                "a sua conta foi banida, e todas as suas sessões foram terminadas.",
                "Motivo: {reason}",
                "Até: {until}",
                "Se acha que há um engano, escreva a quem cuida desta instalação.",
            ),
        ),
        "followed": Text(
            "Alguém segue você",
            ("{who} passou a seguir você.", _OFF.format("quem segue você")),
        ),
        "liked": Text(
            "Alguém gostou do que você escreveu",
            ("{who} gostou do que você escreveu.", "Publicação: {title}", _OFF.format("gostos")),
        ),
        "commented": Text(
            "Há um comentário para você",
            (
                "{who} comentou uma publicação sua ou respondeu a um comentário seu.",
                "Publicação: {title}",
                _OFF.format("comentários"),
            ),
        ),
        "digest": Text(
            "O que você ainda não leu",
            (
                "isto chegou para você desde a última carta como esta e espera ser lido:",
                "Menções: {mention}",
                "Chamadas a todos: {everyone}",
                "Respostas: {reply}",
                "Comentários: {comment}",
                "Publicações que você segue: {post}",
                "Votos: {vote}",
                "Seguidores: {follow}",
                "Pedidos de amizade: {friend_request}",
                "Pedidos de amizade aceitos: {friend_accepted}",
                "Convites: {invitation}",
                "Chamadas perdidas: {missed_call}",
                "Advertências: {warned}",
                "Com que frequência vem, ou que não venha, você escolhe nas suas preferências.",
            ),
        ),
    },
    things={
        "password": "a senha",
        "email": "o endereço de e-mail",
        "second_factor": "a segunda etapa para entrar",
        "passkey": "as chaves de acesso",
        "recovery_code": "o código de recuperação",
        "identity": "a entrada por outros serviços",
        "token": "os tokens da API",
        "username": "o nome de usuário",
    },
)

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # variables are shared with Install, which reads this file
# The accounts that Install makes: the system's for the server to run as, and the server's own administrator.

# ---- the user that the server runs as ----------------------------------------------------------------------------

# entry passwd|group NAME: its line in the system (or image) that is installed into.
entry() {
    if [ -n "$destdir" ]; then
        [ ! -f "$destdir/etc/$1" ] || sed -n "/^$2:/p" "$destdir/etc/$1"
    elif have getent; then
        getent "$1" "$2" || true
    else
        sed -n "/^$2:/p" "/etc/$1"
    fi
}

# account_tool groupadd|useradd ARGUMENT...: within the image when there is one.
account_tool() {
    tool=$1
    shift
    if [ -z "$destdir" ]; then
        "$tool" "$@"
    else
        "$tool" --prefix "$destdir" "$@" || "$tool" --root "$destdir" "$@"
    fi
}

make_group() {
    if have groupadd; then account_tool groupadd -r "$account"; else addgroup -S "$account"; fi
}

make_user() {
    shell=/bin/false
    for place in /sbin/nologin /usr/sbin/nologin; do
        if [ -x "$destdir$place" ]; then shell=$place; fi
    done
    if have useradd; then
        account_tool useradd -r -g "$account" -M -d "$var" -s "$shell" -c "Darwin Streaming Server" "$account"
    else
        adduser -S -D -H -h "$var" -s "$shell" -G "$account" "$account"
    fi
}

# Sets $server_ids, what the server's files are given to.
make_account() {
    server_ids=
    if [ "$chown" = no ]; then return; fi
    if [ -n "$destdir" ] && [ ! -f "$destdir/etc/passwd" ]; then
        say "There is no etc/passwd below $destdir: create the user and group $account where the files will be used," \
            "and give them what lies in $etc, $var and $movies."
        return
    fi
    if [ "$run_user" = "$account" ]; then
        if [ -z "$(entry passwd "$account")" ]; then
            say "Creating unprivileged user to run the server = \"$account\"."
            [ -n "$(entry group "$account")" ] || make_group || die "the group $account could not be made"
            make_user || die "the user $account could not be made"
        fi
        [ -n "$(entry group "$account")" ] || make_group || die "the group $account could not be made"
    fi
    if [ -z "$run_user" ]; then return; fi # the operator wants the server to run as root
    server_ids=$(entry passwd "$run_user" | head -n 1 | cut -d: -f3,4)
    [ -n "$server_ids" ] || die "there is no user $run_user, which $config names as run_user_name"
}

# ---- the administrator -------------------------------------------------------------------------------------------

# administrators: the members of the administrators' group that have a password of their own.
administrators() {
    if [ ! -f "$destdir$users" ] || [ ! -f "$destdir$groups" ]; then return; fi
    awk -v group="$admin_group" -v shipped="$shipped_account" '
        /^[ \t]*#/ { next }
        FNR == NR { if (split($0, field, ":") >= 2) known[field[1]] = 1; next }
        {
            colon = index($0, ":")
            name = substr($0, 1, colon - 1)
            gsub(/^[ \t]+|[ \t]+$/, "", name)
            if (colon == 0 || name != group) next
            count = split(substr($0, colon + 1), member, /[ \t]+/)
            for (i = 1; i <= count; i++) if (member[i] in known && member[i] != shipped) print member[i]
        }' "$destdir$users" "$destdir$groups"
}

good_name() {
    case $1 in
    '') error="No username entered!" ;;
    *[[:space:]\'\":]* | *[[:cntrl:]]*) error="The user name contains a space, a quote or a colon!" ;;
    [-#]*) error="The user name begins with - or #!" ;;
    "$shipped_account") error="The user name $shipped_account is not allowed, as its password was published!" ;;
    *)
        if [ ${#1} -le 255 ]; then return; fi
        error="The user name is longer than 255 characters!"
        ;;
    esac
    return 1
}

good_password() {
    case $1 in
    '') error="No password entered!" ;;
    *[[:cntrl:]]*) error="The password contains a control character!" ;;
    *\'*\"* | *\"*\'*) error="The password contains both kinds of quotes!" ;;
    *)
        if [ ${#1} -le 80 ]; then return; fi
        error="The password is longer than 80 characters!"
        ;;
    esac
    return 1
}

# read_line: the next line of standard input becomes $line.
read_line() {
    line=
    IFS= read -r line || [ -n "$line" ] || {
        echo
        warn "no administrator, and standard input has no (more) answers; nothing was installed." \
            "Use --admin-user and --admin-password-file, or the environment variables username and password," \
            "or give name, password and password again on standard input."
        exit 1
    }
}

# read_hidden PROMPT: as read_line, without showing it on a terminal, however early it is typed.
read_hidden() {
    if [ -t 0 ]; then stty -echo; fi
    printf '%s' "$1"
    read_line
    if [ -t 0 ]; then stty echo; fi
    echo
}

ask_name() {
    while [ -z "$admin_name" ]; do
        say "The Darwin Streaming Server is administered by a user that you create now. [Note: no spaces, quotes or" \
            "colons in the administrator's user name, and at most 255 characters.]"
        printf 'Please enter a new administrator user name: '
        read_line
        if good_name "$line"; then admin_name=$line; else say '' "Error: $error" ''; fi
    done
}

ask_password() {
    while [ -z "$admin_password" ]; do
        say '' "Now the administrator's password. [Note: at most 80 characters.]"
        read_hidden 'Please enter a new administrator Password: '
        first=$line
        read_hidden 'Re-enter the new administrator password: '
        if ! good_password "$first"; then
            say '' "Error: $error" ''
        elif [ "$first" != "$line" ]; then
            say '' "Error: passwords entered do not match!" ''
        else
            admin_password=$first
        fi
    done
}

# Finds out who the administrator will be before anything is changed.
choose_administrator() {
    if [ -z "$admin_password" ] && [ -n "$admin_password_file" ]; then
        { IFS= read -r admin_password || [ -n "$admin_password" ]; } <"$admin_password_file" ||
            die "$admin_password_file: there is no password in its first line"
    fi
    if [ -z "$admin_name" ] && [ -n "$(administrators)" ]; then return; fi
    [ -z "$admin_name" ] || good_name "$admin_name" || die "$error"
    [ -z "$admin_password" ] || good_password "$admin_password" || die "$error"
    if [ -z "$admin_name" ] || [ -z "$admin_password" ]; then say "Darwin Streaming Server Setup" ''; fi
    ask_name
    ask_password
    echo
}

# passwords ARGUMENT...: qtpasswd on the users and groups files; owners are our business.
passwords() {
    "$(program qtpasswd)" -F -O "$(id -un 2>/dev/null)" -f "$destdir$users" -g "$destdir$groups" "$@" </dev/null
}

make_administrator() {
    if [ -n "$admin_name" ]; then
        say "Creating the administrator $admin_name"
        quote=\"
        case $admin_password in *\"*) quote=\' ;; esac
        (umask 077 && printf '%s%s%s\n' "$quote" "$admin_password" "$quote" >"$state/password")
        for file in "$users" "$groups"; do
            if [ ! -e "$destdir$file" ]; then keep "$file"; fi
        done
        set -- -P "$state/password" -A "$admin_group" "$admin_name"
        [ -s "$destdir$users" ] || set -- -c -r "$realm" "$@"
        passwords "$@" >"$state/said" 2>&1 || die "qtpasswd could not create the administrator: $(cat "$state/said")"
        rm -f "$state/password"
    fi
    if grep -q "^$shipped_account:" "$destdir$users"; then
        say "Removing the account that Darwin Streaming Server came with"
        passwords -d "$shipped_account" >"$state/said" 2>&1 ||
            die "qtpasswd could not remove $shipped_account: $(cat "$state/said")"
    fi
    for file in "$users" "$groups"; do
        if [ -f "$destdir$file" ]; then own server "$destdir$file"; fi
    done
    [ -n "$(administrators)" ] || die "$groups still has no administrator in its group $admin_group"
}

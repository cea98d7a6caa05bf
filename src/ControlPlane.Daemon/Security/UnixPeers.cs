using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ControlPlane.Daemon.Security;

/// <summary>Reads who is at the other end of a unix socket, once for each connection.</summary>
internal static class UnixPeers
{
    // <asm-generic/socket.h>
    private const int SolSocket = 1, SoPeerCred = 17, SoPeerGroups = 59;
    private const int CredentialWords = 3; // struct ucred: pid, uid, gid
    private const int FirstGroups = 32, MaxGroups = 65_536;

    /// <summary>Keeps the peer of each connection of a unix socket as a feature of the connection.</summary>
    public static void UsePeerCredentials(this ListenOptions endpoint) => endpoint.Use(next => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            connection.Features.Set(Read(socket));
        return next(connection);
    });

    /// <summary>Returns the user and the process at the other end of a connected unix socket.</summary>
    public static (uint Uid, int Pid) ReadUser(Socket socket)
    {
        var (pid, uid, _) = ReadCredentials(socket);
        return (uid, pid);
    }

    /// <summary>Returns the peer of a connected unix socket, as the kernel knew it when it connected.</summary>
    public static UnixPeer Read(Socket socket)
    {
        var (pid, uid, gid) = ReadCredentials(socket);
        return new UnixPeer(uid, gid, pid, ReadGroups(socket), ProgramOf(pid));
    }

    private static (int Pid, uint Uid, uint Gid) ReadCredentials(Socket socket)
    {
        Span<uint> words = stackalloc uint[CredentialWords];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(words));
        return ((int)words[0], words[1], words[2]);
    }

    private static uint[] ReadGroups(Socket socket)
    {
        for (var count = FirstGroups; ; count *= 4)
        {
            var groups = new uint[count];
            try
            {
                var bytes = socket.GetRawSocketOption(SolSocket, SoPeerGroups, MemoryMarshal.AsBytes(groups.AsSpan()));
                return groups[..(bytes / sizeof(uint))];
            }
            catch (SocketException) when (count < MaxGroups)
            {
                // ERANGE: the peer has more groups.
            }
        }
    }

    /// <summary>Returns the name of a program; null if /proc does not show the process. A program chooses its name, so control characters are replaced.</summary>
    private static string? ProgramOf(int pid)
    {
        try
        {
            var name = pid == 0 ? "" : File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/comm")).TrimEnd('\n');
            return name.Length == 0 ? null : string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Native;

/// <summary>Sends what libbpf says to the log. libbpf has one callback for the process, so the last logger set wins.</summary>
internal static unsafe class LibbpfPrint
{
    private const int LIBBPF_WARN = 0;
    private const int LIBBPF_INFO = 1;

    private static volatile ILogger? _logger;

    /// <summary>From now on libbpf's warnings come as warnings, its info as debug, its debug output as trace.</summary>
    public static void SendTo(ILogger logger)
    {
        _logger = logger;
        Libbpf.libbpf_set_print(&Print);
    }

    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, nint arguments)
    {
        // libbpf's own buffers end here: an exception must not run into C.
        try
        {
            var logger = _logger;
            var logLevel = level switch { LIBBPF_WARN => LogLevel.Warning, LIBBPF_INFO => LogLevel.Debug, _ => LogLevel.Trace };
            if (logger?.IsEnabled(logLevel) != true)
                return 0;
            // One call only, as it uses the arguments up. A longer message is cut; verifier logs do not come this way.
            var buffer = stackalloc byte[4096];
            var length = Math.Clamp(Libc.vsnprintf(buffer, 4096, format, arguments), 0, 4095);
            var text = Encoding.UTF8.GetString(buffer, length).TrimEnd();
            KernelLog.LibbpfSaid(logger, logLevel, text);
        }
#pragma warning disable CA1031 // see above
        catch (Exception)
#pragma warning restore CA1031
        {
            return 0;
        }

        return 0;
    }
}

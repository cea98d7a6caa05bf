using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Native;

/// <summary>Sends libbpf's messages to the log. libbpf has one callback per process, so the last logger wins.</summary>
internal static unsafe class LibbpfPrint
{
    private const int LIBBPF_WARN = 0;
    private const int LIBBPF_INFO = 1;

    private static volatile ILogger? _logger;

    /// <summary>Sends libbpf's messages to this logger: warnings as warnings, info as debug, debug output as trace.</summary>
    public static void SendTo(ILogger logger)
    {
        _logger = logger;
        Libbpf.libbpf_set_print(&Print);
    }

    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, nint arguments)
    {
        // An exception must not cross into C.
        try
        {
            var logger = _logger;
            var logLevel = level switch { LIBBPF_WARN => LogLevel.Warning, LIBBPF_INFO => LogLevel.Debug, _ => LogLevel.Trace };
            if (logger?.IsEnabled(logLevel) != true)
                return 0;
            // One call only: it uses the arguments up. Longer messages are cut; verifier logs do not take this way.
            var buffer = stackalloc byte[4096];
            var length = Math.Clamp(Libc.vsnprintf(buffer, 4096, format, arguments), 0, 4095);
            var text = Encoding.UTF8.GetString(buffer, length).TrimEnd();
            KernelLog.LibbpfMessage(logger, logLevel, text);
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
